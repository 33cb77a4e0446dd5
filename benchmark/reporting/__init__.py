"""From verdicts and records to a report: tables, figures, HTML and Markdown, without torch."""
