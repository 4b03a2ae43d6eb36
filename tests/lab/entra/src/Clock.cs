// SPDX-License-Identifier: Apache-2.0
// The double's own time, so that a test can let a token expire or a throttling window pass without waiting.
namespace Causeway.Lab.Entra;

sealed class Clock
{
    long offsetTicks;

    public DateTimeOffset Now => DateTimeOffset.UtcNow.AddTicks(Interlocked.Read(ref offsetTicks));

    public void Advance(TimeSpan by) => Interlocked.Add(ref offsetTicks, by.Ticks);

    public void Set(DateTimeOffset now) =>
        Interlocked.Exchange(ref offsetTicks, now.UtcTicks - DateTimeOffset.UtcNow.UtcTicks);

    public void Reset() => Interlocked.Exchange(ref offsetTicks, 0);
}
