"""The passes, each of which fills part of a draft."""
