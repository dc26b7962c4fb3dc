/** The lint rules: strict types, React, Next.js and accessibility. */
import nextVitals from "eslint-config-next/core-web-vitals";
import jsxA11y from "eslint-plugin-jsx-a11y";
import tseslint from "typescript-eslint";

const typed = ["**/*.ts", "**/*.tsx"];

export default tseslint.config(
  { ignores: [".next/", "next-env.d.ts", "lib/api-schema.ts"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  ...nextVitals,
  { rules: jsxA11y.flatConfigs.strict.rules },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: typed })),
  ...tseslint.configs.stylisticTypeChecked.map((config) => ({ ...config, files: typed })),
  {
    files: typed,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // An event handler may be async: it handles its own errors.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      eqeqeq: "error",
      "max-params": ["error", 4],
      "no-console": "error",
      // The token is kept in memory only.
      "no-restricted-globals": ["error", "localStorage", "sessionStorage", "indexedDB"],
      "no-restricted-properties": [
        "error",
        ...["localStorage", "sessionStorage", "indexedDB"].flatMap((property) =>
          ["window", "globalThis", "self"].map((object) => ({ object, property })),
        ),
        { object: "document", property: "cookie" },
      ],
    },
  },
);
