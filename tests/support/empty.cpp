// CMake compiles headers beforehand only for a target that has a source.
