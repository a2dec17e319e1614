"""What tests share: the oracle, small plans, and events in every form that the writer reads."""
