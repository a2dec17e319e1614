"""Plans and answers, shown to people."""
