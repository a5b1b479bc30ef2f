"""The life of a deployment on Pulumi's own engine: apply, drift, destroy, and the state that they leave.

One Pulumi project and stack per layer, driven through the Automation API. There is no second engine and no state but Pulumi's.
"""
