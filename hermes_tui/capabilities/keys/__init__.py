"""Where keys of providers are kept, each bound to the host it is for."""
