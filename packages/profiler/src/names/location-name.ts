// What a location is called, and which others belong to it.

import type { ProfileLocation } from "../profile/block-profile.ts";

/** Several locations that are one to whoever reads about them: the entries of a mapping, the members of a struct, an account's slots. */
export interface Group {
  /** The same for all of them. */
  id: string;
  label: string;
}

/** The group of a location; undefined for one that belongs to none. */
export type GroupOf = (location: ProfileLocation) => Group | undefined;

/** What a location is called, and the variable that it is a part of. */
export interface LocationName {
  label: string;
  group: Group;
}
