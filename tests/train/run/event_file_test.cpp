// TensorBoard's files, byte for byte as TensorBoard's own writer has them.
#include "train/run/event_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "train/run/event_record.hpp"
#include "worker.hpp"

namespace blip::train {
namespace {

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Crc32c, IsThatOfTheStandard) {
  // RFC 3720, B.4, and the check value of the Castagnoli polynomial.
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(""), 0U);
}

// data/events.bin is what tools/reference/event_files.py makes of the same with tensorboard.
TEST(EventRecords, AreTensorBoards) {
  const std::string records =
      version_record(1700000000.5) + start_record(1700000000.75, 1001) +
      scalars_record(1700000001.25, 1050, {{"loss", 7.25}, {"learning_rate", 3e-4}}) +
      scalars_record(1700000002.0, 5'000'000'000, {{"loss", -0.5}});
  EXPECT_EQ(records, read_bytes(BLIP_SOURCE_DIR "/tests/train/run/data/events.bin"));
}

TEST(EventFile, BeginsWithItsVersionAndSaysWhereItGoesOn) {
  const testing::TemporaryDirectory run;
  EventFile(run.path(), 20).write(30, {{"loss", 1}});
  const std::filesystem::path path = std::filesystem::directory_iterator(run.path())->path();
  EXPECT_THAT(path.filename().string(), ::testing::StartsWith("events.out.tfevents."));
  const std::string bytes = read_bytes(path);
  EXPECT_EQ(bytes.size(), version_record(1).size() + start_record(1, 21).size() +
                              scalars_record(1, 30, {{"loss", 1}}).size());
  EXPECT_THAT(bytes, ::testing::HasSubstr("brain.Event:2"));
}

}  // namespace
}  // namespace blip::train
