"""Who serves models; one file per provider."""
