// SPDX-License-Identifier: Apache-2.0
// A named behaviour and what it must hold: the whole test framework.
using System.Runtime.CompilerServices;

namespace Causeway.Lab.Entra.Tests;

sealed class CheckFailed(string message) : Exception(message);

sealed record Row(string Name, Func<Lab, Task> Body);

static class Check
{
    public static void Equal<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new CheckFailed($"{what}: expected '{expected}', got '{actual}'");
    }

    public static void True(bool holds, string what)
    {
        if (!holds)
            throw new CheckFailed(what);
    }

    public static void Contains(string part, string whole)
    {
        if (!whole.Contains(part, StringComparison.Ordinal))
            throw new CheckFailed($"expected '{part}' in '{whole}'");
    }

    public static async Task<T> Throws<T>(Func<Task> work) where T : Exception
    {
        try
        {
            await work();
        }
        catch (T e)
        {
            return e;
        }
        throw new CheckFailed($"expected a {typeof(T).Name}, nothing was thrown");
    }
}
