"""The experiment of `tilewright bench`, its figures and its chart."""
