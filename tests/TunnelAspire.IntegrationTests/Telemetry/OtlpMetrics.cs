using System.Buffers.Binary;
using System.Text;

namespace TunnelAspire.IntegrationTests.Telemetry;

/// <summary>One export of a process: the sums over all tags of its counters and gauges, by name.</summary>
/// <param name="Process">The process's id, which <see cref="OtlpMetrics.ProcessAttribute"/> tells.</param>
/// <param name="At">When the export came.</param>
/// <param name="Values">Values by the metric's name; of a histogram its count.</param>
public sealed record ProcessMetrics(long Process, DateTimeOffset At, IReadOnlyDictionary<string, double> Values);

/// <summary>Reads the body of an OTLP metrics export (opentelemetry-proto, metrics_service.proto and metrics.proto).</summary>
public static class OtlpMetrics
{
    /// <summary>The resource's attribute that tells which process exports.</summary>
    public const string ProcessAttribute = "process.pid";

    /// <summary>Reads it: one for each process in it.</summary>
    public static IEnumerable<ProcessMetrics> Read(byte[] export)
    {
        foreach (Field resourceMetrics in Fields(export).Where(field => field.Number == 1))
        {
            // resource_metrics: 1 resource { 1 attributes }, 2 scope_metrics { 2 metrics }
            long process = 0;
            Dictionary<string, double> values = [];
            foreach (Field part in Fields(resourceMetrics.Bytes))
            {
                if (part.Number == 1)
                {
                    process = Fields(part.Bytes).Where(field => field.Number == 1).Sum(field => ProcessOf(field.Bytes));
                }
                else if (part.Number == 2)
                {
                    foreach (Field metric in Fields(part.Bytes).Where(field => field.Number == 2))
                    {
                        Add(values, metric.Bytes);
                    }
                }
            }

            yield return new ProcessMetrics(process, TimeProvider.System.GetUtcNow(), values);
        }
    }

    /// <summary>A metric: 1 name, and 5 gauge, 7 sum or 9 histogram, each of which has 1 data points { 4 double, 6 integer; of a histogram 4 count }.</summary>
    private static void Add(Dictionary<string, double> values, byte[] metric)
    {
        List<Field> fields = [.. Fields(metric)];
        string name = Encoding.UTF8.GetString(fields.Find(field => field.Number == 1).Bytes);
        foreach (Field data in fields.Where(field => field.Number is 5 or 7 or 9))
        {
            foreach (Field point in Fields(data.Bytes).Where(field => field.Number == 1))
            {
                foreach (Field value in Fields(point.Bytes).Where(field => field.Number is 4 or 6 && field.Bytes.Length == 8))
                {
                    double number = value.Number == 4 && data.Number != 9
                        ? BinaryPrimitives.ReadDoubleLittleEndian(value.Bytes)
                        : BinaryPrimitives.ReadInt64LittleEndian(value.Bytes);
                    values[name] = values.GetValueOrDefault(name) + number;
                }
            }
        }
    }

    /// <summary>The process that an attribute names, else 0: 1 key, 2 value { 3 integer }.</summary>
    private static long ProcessOf(byte[] attribute)
    {
        List<Field> fields = [.. Fields(attribute)];
        return Encoding.UTF8.GetString(fields.Find(field => field.Number == 1).Bytes) == ProcessAttribute
            ? BinaryPrimitives.ReadInt64LittleEndian(Fields(fields.Find(field => field.Number == 2).Bytes).First(field => field.Number == 3).Bytes)
            : 0;
    }

    /// <summary>A field of a protobuf message; an integer of variable length as one of eight bytes.</summary>
    private readonly record struct Field(int Number, byte[] Bytes);

    private static IEnumerable<Field> Fields(byte[] message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Varint(message, ref at);
            if ((tag & 7) == 0)
            {
                byte[] integer = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(integer, Varint(message, ref at));
                yield return new Field((int)(tag >> 3), integer);
                continue;
            }

            int length = (tag & 7) switch { 1 => 8, 5 => 4, _ => (int)Varint(message, ref at) };
            yield return new Field((int)(tag >> 3), message[at..(at + length)]);
            at += length;
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
