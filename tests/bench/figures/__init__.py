"""One module per group of figures; each exports `measure(bench)`."""
