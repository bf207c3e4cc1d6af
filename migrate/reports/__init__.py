"""One module per format; each is a function from a plan to text, and none of them prints."""
