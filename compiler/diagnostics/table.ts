// Every message ganc can give an author. A rule stands in one family file and is listed here by spreading the family;
// a test walks the table: unique codes, a fixture and a page in docs/diagnostics/ for each.
import { syntaxRules } from "../../dsl/syntax-rules";
import { names } from "./names";
import { params, values } from "./params";
import { dims, slots } from "./dims";
import { training } from "./training";

export const rules = { ...syntaxRules, ...names, ...params, ...values, ...dims, ...slots, ...training } as const;
