"""A make-believe Luoyang on loopback: boards, office system, SMS gateway, people, and the truth about all of it."""
