//go:build tools

// Package engine makes the Pulumi CLI a dependency, so that go.mod and go.sum pin it.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
