/** Hands the user everything that the service holds on them, as a file. */
"use client";

import { useState } from "react";
import { receive } from "@/lib/api-client";
import { explainError, useApi } from "./api-provider";

export function ExportData() {
  const { client } = useApi();
  const [said, say] = useState("");
  const [fault, setFault] = useState<string | null>(null);

  async function exportData() {
    setFault(null);
    say("");
    try {
      const data = await receive(client.GET("/api/account/export"));
      download(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }), "tasks-export.json");
      say("Your data is in tasks-export.json.");
    } catch (error) {
      setFault(explainError(error));
    }
  }

  return (
    <section aria-labelledby="export" className="card stack">
      <h2 id="export">Take your data along</h2>
      <p>Your tasks and what was done with your account, as a JSON file.</p>
      <p role="alert" className="alert" hidden={!fault}>
        {fault}
      </p>
      <p role="status" className="status">
        {said}
      </p>
      <button type="button" onClick={exportData}>
        Export my data
      </button>
    </section>
  );
}

function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
