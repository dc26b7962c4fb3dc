/** Deleting a user in Better Auth: all their rows and no others, in one transaction. */
import { expect, test, vi } from "vitest";
import { belongsTo } from "@/lib/erasure";
import { Browser, failAtDeleting, makeAuth, makeSettings, PASSWORD, type Row } from "./support";

const ann = { id: "annid0000000000000000000000000aa", email: "ann@example.com" };

test.each([
  ["ann@example.com", "123456", true],
  ["sign-in-otp-ann@example.com", "123456:0", true],
  ["a1b2", '{"email":"Ann@Example.com","name":"A"}', true],
  ["reset-password:a1b2", ann.id, true],
  ["a1b2", `{"userId":"${ann.id}"}`, true],
  ["joann@example.com", "123456", false],
  ["jo-ann@example.com", "123456", false],
  ["sign-in-otp-jo.ann@example.com", "123456:0", false],
  ["ann@example.com.example", "123456", false],
  ["ann_@example.com", "123456", false],
  ["a1b2", `${ann.id}b`, false],
])("the row %j with %j is the user's: %j", (identifier, value, expected) => {
  expect(belongsTo(ann, { identifier, value })).toBe(expected);
});

async function makeTwo(table?: string) {
  const { auth, tables } = makeAuth(makeSettings());
  const browsers = { ann: new Browser(auth), joann: new Browser(auth) };
  const id = await browsers.ann.signUp("ann@example.com");
  await browsers.joann.signUp("joann@example.com");
  tables.verification.push(
    makeVerification("1", "ann@example.com", "1"),
    makeVerification("2", "reset-password:x", id),
    makeVerification("3", "joann@example.com", "1"),
  );
  if (table) await failAtDeleting(auth, table);
  return { browsers, tables };
}

function makeVerification(id: string, identifier: string, value: string): Row {
  const now = new Date();
  return { id, identifier, value, expiresAt: now, createdAt: now, updatedAt: now };
}

test("the user, their sessions, accounts and verifications are deleted, and other users' rows are kept", async () => {
  const { browsers, tables } = await makeTwo();
  expect((await browsers.ann.send("/delete-user", {})).status).toBe(200);
  const left = Object.values(tables).map((rows) => rows.length);
  expect(left).toEqual([1, 1, 1, 1, 0]);
  expect(tables.user[0]).toMatchObject({ email: "joann@example.com" });
  expect(tables.verification[0]).toMatchObject({ identifier: "joann@example.com" });
  expect((await browsers.ann.send("/token")).status).toBe(401);
  expect((await browsers.joann.send("/token")).status).toBe(200);
});

test("a deletion that fails half way changes nothing, and the user can sign in to try again", async () => {
  const { browsers, tables } = await makeTwo("user");
  const log = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  expect((await browsers.ann.send("/delete-user", {})).status).toBe(500);
  const left = Object.values(tables).map((rows) => rows.length);
  expect(left).toEqual([2, 2, 2, 3, 0]);
  expect(log.mock.calls).toEqual([['{"event":"auth_request_failed","level":"error","errors":["Error"]}\n']]);
  const again = await browsers.ann.send("/sign-in/email", { email: "ann@example.com", password: PASSWORD });
  expect(again.status).toBe(200);
});
