// A line about a job: what it is about, and what there is to say.

/** `full` for pipes, where it differs. */
export type Fact = { label: string; text: string; full?: string }
