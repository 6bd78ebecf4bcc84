// The command `ganc`. Each command's work is loaded when it is called: `check` must not wait for onnxruntime.
import { Command } from "commander";
import { UserError } from "../runtime/files/errors";
import { UsageError } from "./options";
import { registerCommands } from "./register";

const program = new Command("ganc")
  .description("ganc: GANs as typed specs, compiled. A spec says networks, norms, losses and phases; ganc checks, explains and trains it.")
  .version("0.1.0")
  .showHelpAfterError("(--help shows what there is)")
  .showSuggestionAfterError();
program.exitOverride(); // subcommands inherit it
registerCommands(program);

// `ganc ... | head` closes our output early: that is no error.
process.stdout.on("error", (e: NodeJS.ErrnoException) => process.exit(e.code === "EPIPE" ? 0 : 1));

program.parseAsync().catch((e: unknown) => {
  process.exitCode = report(e);
});

/** One line for what a person can mend; a stack only for our own defects, with a request. */
function report(e: unknown): number {
  if (e instanceof UserError || e instanceof UsageError) {
    process.stderr.write(`error: ${e.message}\n`);
    if (e instanceof UserError && e.hint) process.stderr.write(`hint: ${e.hint}\n`);
    return e instanceof UsageError ? 2 : 1;
  }
  if (e instanceof Error && "code" in e && typeof e.code === "string" && e.code.startsWith("commander.")) return "exitCode" in e && e.exitCode === 0 ? 0 : 2;
  process.stderr.write(`This is a defect of ganc, not of your spec. Please report it with the command you gave:\n${e instanceof Error ? e.stack : String(e)}\n`);
  return 70;
}
