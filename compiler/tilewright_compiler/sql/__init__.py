"""SQL as trees and text, in the dialects of plans; and Prometheus' language."""
