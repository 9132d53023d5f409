// Stops with one clear line on a Node that cannot run the TypeScript sources. Plain JavaScript, so that an old Node can read it.
//
// Node 24 is installed from the npm registry into node_modules/.bin, which pnpm puts first in PATH. When that install fails,
// pnpm only warns and runs the script on the system's Node.

const REQUIRED_MAJOR = 24;

if (Number(process.versions.node.split(".")[0]) < REQUIRED_MAJOR) {
  console.error(
    `Braid needs Node ${REQUIRED_MAJOR} or later; this is ${process.version} (${process.execPath}). ` +
      "Node 24 comes with the dependencies on Linux x64 and arm64: run `npx -y pnpm@12 install` and read its errors. " +
      "Elsewhere, install Node 24 yourself.",
  );
  process.exit(1);
}
