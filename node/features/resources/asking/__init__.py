"""Asking without an account: on a phone, on paper or through a neighbour who writes it down."""
