"""Tool servers of the Model Context Protocol: talked to, held to what was trusted, presented as tools."""
