"""LTI 1.3: an LMS launches the tutor for one of its people, who are then signed in at the place they came from."""
