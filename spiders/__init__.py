"""Reads the message boards: pages into records, one engine a forum software; no guess where a page says nothing."""
