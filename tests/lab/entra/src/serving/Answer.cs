// SPDX-License-Identifier: Apache-2.0
// A finished response: made whole in memory first, so that a fault can swallow it after the work was done.
using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Causeway.Lab.Entra;

sealed class Answer(int status, ReadOnlyMemory<byte> body = default, string contentType = "application/json")
{
    public int Status => status;
    public ReadOnlyMemory<byte> Body => body;
    public string ContentType => contentType;
    public List<KeyValuePair<string, string>> Headers { get; } = [];
    /* Close the connection instead of answering. */
    public bool Drop { get; init; }

    public static Answer Json(int status, Action<Utf8JsonWriter> members, string contentType = "application/json; charset=utf-8")
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions
            { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return new Answer(status, buffer.WrittenMemory, contentType);
    }

    public static Answer Text(int status, string text) => new(status, Encoding.UTF8.GetBytes(text), "text/plain");

    public static Answer Empty(int status = 204) => new(status);

    public string? Header(string name) =>
        Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
