"""The resource graph: the hub between whatever produces resources and whatever is computed from them."""
