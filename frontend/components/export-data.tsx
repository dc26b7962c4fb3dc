/** Downloads all data that the service has on the user, as a JSON file. */
"use client";

import { useState } from "react";
import { receive } from "@/lib/api-client";
import { explainError, useApi } from "./api-provider";

export function ExportData() {
  const { client } = useApi();
  const [status, setStatus] = useState("");
  const [errorMessage, setErrorMessage] = useState<string | null>(null);

  async function exportData() {
    setErrorMessage(null);
    setStatus("");
    try {
      const data = await receive(client.GET("/api/account/export"));
      download(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }), "tasks-export.json");
      setStatus("Your data was saved as tasks-export.json.");
    } catch (error) {
      setErrorMessage(explainError(error));
    }
  }

  return (
    <section aria-labelledby="export" className="card stack">
      <h2 id="export">Export your data</h2>
      <p>Download your tasks and the history of your account as a JSON file.</p>
      <p role="alert" className="alert" hidden={!errorMessage}>
        {errorMessage}
      </p>
      <p role="status" className="status">
        {status}
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
