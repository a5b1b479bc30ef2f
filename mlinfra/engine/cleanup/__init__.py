"""What controllers made beside Pulumi, and what has to be gone before a cluster or its network can go.

One file is one step; its name is what kinds name in ``cleanup``. A step says with ``BEFORE`` which layer it precedes when a deployment is
destroyed, with ``LIMIT`` how many seconds it may take, and with ``clean`` what it does: again and again without harm, because a destroy
that was cut off runs it anew.
"""
