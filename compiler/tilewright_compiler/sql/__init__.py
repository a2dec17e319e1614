"""SQL as trees and text, in the dialects that plans are written in."""
