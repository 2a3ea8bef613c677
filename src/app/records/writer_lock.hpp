// WriterLock: keeps a second program from writing to the same output.
#pragma once

#include <filesystem>
#include <string>

namespace blip::app {

/// Locks the open file against other writers for as long as it is open. Throws OutputError if
/// another program has it. Pipes and devices are left alone, and where the file system knows no
/// locks nobody is kept out.
void lock_for_writing(int descriptor, const std::string& name);

/// The same for a file that is only read yet, while this object lives; a file that is not there
/// needs no lock.
class WriterLock {
 public:
  explicit WriterLock(const std::filesystem::path& path);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace blip::app
