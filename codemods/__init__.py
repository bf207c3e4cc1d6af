"""Pure codemods: source text in, references and edits out. No disk, git, terminal or clock."""
