// The packages that are published: those under packages/ that are not private.

import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

/** The part of a package.json that the scripts read. */
export interface PackageJson {
  name: string;
  version: string;
  private?: boolean;
  dependencies?: Record<string, string>;
}

/** A package of this workspace that is published. */
export interface PublicPackage {
  /** The folder's name below packages/. */
  folder: string;
  path: string;
  manifest: PackageJson;
}

/** In the order of their names. */
export function publicPackages(): PublicPackage[] {
  return globSync("packages/*/package.json", { cwd: ROOT })
    .sort()
    .map((file) => {
      const path = join(ROOT, dirname(file));
      const manifest = JSON.parse(readFileSync(join(ROOT, file), "utf8")) as PackageJson;
      return { folder: basename(path), path, manifest };
    })
    .filter(({ manifest }) => manifest.private !== true);
}
