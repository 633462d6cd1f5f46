"""Memory as a home has it: opened when first used, searched, written, looked back at, measured."""
