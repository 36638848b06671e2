// Builds what the pages load: static/scss/app.scss and the packages' scripts, into static/build/.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as sass from "sass";

const root = dirname(fileURLToPath(import.meta.url));
const packages = join(root, "node_modules");
const built = join(root, "static", "build");

// Scripts by the name they are served under.  The typeface, crown and crest stay out: they are licensed for GOV.UK only.
const copied = {
  "govuk-frontend.min.js": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
  "accessible-autocomplete.min.js": "accessible-autocomplete/dist/accessible-autocomplete.min.js",
};

rmSync(built, { recursive: true, force: true });
mkdirSync(built, { recursive: true });
const { css } = sass.compile(join(root, "static", "scss", "app.scss"), {
  loadPaths: [root, packages],
  quietDeps: true,
  style: "compressed",
  logger: { warn: (message) => message.includes("govuk-text-colour") || console.warn(message) }, // a package's own
});
writeFileSync(join(built, "app.css"), css.replaceAll(/url\("[^"]*govuk-crest\.svg"\)/g, "none"));
for (const [name, source] of Object.entries(copied)) {
  const script = readFileSync(join(packages, source), "utf8");
  // Source maps are not served; a reference to one would stop collectstatic.
  writeFileSync(join(built, name), script.replaceAll(/^\/\/# sourceMappingURL=.*$/gm, ""));
}
