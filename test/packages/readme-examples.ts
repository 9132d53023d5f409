// The programs that stand in the packages' READMEs. What a line prints is said at its end: `console.log(…); // 1000n`.

/** One fenced block of a README. */
export interface Example {
  /** The file that it becomes. */
  file: string;
  text: string;
  /** The lines that it prints. */
  prints: string[];
}

/** The examples of a package's README that are programs (```ts). */
export function readmeExamples(folder: string, readme: string): Example[] {
  return [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = ""], index) => ({
    file: `readme-${folder}-${index + 1}`,
    text,
    prints: [...text.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line = ""]) => line),
  }));
}
