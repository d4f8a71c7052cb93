namespace Aspire.Hosting;

/// <summary>Where a referenced project is; the build writes one class in the namespace <c>Projects</c> for each.</summary>
public interface IProjectMetadata
{
    /// <summary>The project's file.</summary>
    string ProjectPath { get; }
}

/// <summary>What only the embedded engine knows of a project: where the build has put it.</summary>
public interface IBuiltProjectMetadata : IProjectMetadata
{
    /// <summary>The built assembly; its executable lies beside it.</summary>
    string TargetPath { get; }
}
