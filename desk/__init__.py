"""Faces for people: the command line, the staff web pages, exports and charts."""
