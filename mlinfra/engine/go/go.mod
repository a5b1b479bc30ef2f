// What `mlinfra engine install --from-go` builds: the Pulumi CLI at one version, every module pinned by go.sum.
module mlinfra.dev/engine

go 1.26

require (
	github.com/pulumi/pulumi/pkg/v3 v3.259.0
	github.com/pulumi/pulumi/sdk/v3 v3.259.0
)

// As in the CLI's own go.mod: replacements of a dependency do not carry over.
replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e
