"""Promises between councils: what is said, what comes, and how an exchange stands by the signed acts of both."""
