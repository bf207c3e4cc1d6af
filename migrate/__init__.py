"""The tool: a repository in; a plan, reports and a branch out."""
