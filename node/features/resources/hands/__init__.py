"""In whose hands each need is: taking it on, giving it back, and what rises to the next gathering. No need is ever in nobody's."""
