"""Hours of conversation summed up, rolled into days and weeks: rows in the store, Markdown in the workspace.

    gathering   the turns of a period, read page by page; what cannot be read is named
    cues        what marks a decision, a task, a question, a mood: English and German
    sentences, names, topics, highlights, extraction     an hour summed up without a model
    rollup      summaries of summaries
    model       the same by a language model, every statement checked for its sources
    shapes      the record; `kept` reads and keeps it; `making` brings it up to date
    rendering, filing     the record as Markdown, among what a person wrote in the same file
    forgetting, restoring, operation     what the rest of the skill uses

Who may read a summary. A record has one section a chat (agent, channel, account, chat, and for private chats
the person), never mixed, so that `scopes.may_see` decides about a section as it does about a memory; a prompt
gets only sections that the one who asks may see. The file lies in the workspace of the agent, where its owner
reads it and the agent can: with `owners` set it holds the private chats of the owners and the groups of the
agent, each group under its own heading; other people's private chats stay in the store. Without `owners` every
chat has its own heading.

What tools brought back is never quoted: untrusted turns are counted, and count as an answer to a question,
but no sentence of theirs stands in a summary, and no model sees them.
"""
