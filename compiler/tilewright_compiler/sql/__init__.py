"""Query languages: SQL as trees and text, and PromQL.

SQL is written in the dialects of plans.
"""
