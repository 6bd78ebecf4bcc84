import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "runs/", "**/golden/", ".oracle/", "**/*.d.ts"] },
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "no-restricted-syntax": ["error", { selector: "TSEnumDeclaration", message: "use a union of literals" }],
    },
  },
  {
    // The core runs in a browser: no file system, no process, no clock, no chance but its own.
    files: ["dsl/**/*.ts", "compiler/**/*.ts", "backends/**/*.ts"],
    // What the kit's files say is emitted, never run here.
    ignores: ["backends/tfjs/kit/**"],
    rules: {
      "no-restricted-globals": ["error", "process", "Buffer", "require", "performance", "Date", "setTimeout"],
      "no-restricted-imports": ["error", { patterns: ["node:*", "fs", "path", "**/runtime/*", "**/cli/*"] }],
      "no-restricted-properties": ["error", { object: "Math", property: "random" }],
    },
  },
);
