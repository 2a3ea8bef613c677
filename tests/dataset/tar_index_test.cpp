#include "dataset/tar_index.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tar_bytes.hpp"
#include "tests/core/expect_error.hpp"

namespace blip::dataset {
namespace {

std::vector<std::string> names_in(const std::string& archive) {
  std::vector<std::string> names;
  for (const TarMember& member : index_tar(memory_source(archive))) names.push_back(member.name);
  return names;
}

void expect_malformed(const std::string& part, const std::string& archive) {
  expect_error(ErrorCode::malformed, part, [&] { index_tar(memory_source(archive)); });
}

TEST(TarIndex, SaysWhereMembersLie) {
  const std::string archive = tar_of({{"a.jpg", std::string(700, 'x')}, {"./dir/b.json", "{}"}});
  const auto members = index_tar(memory_source(archive));
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "a.jpg");
  EXPECT_EQ(archive.substr(members[0].offset, members[0].size), std::string(700, 'x'));
  EXPECT_EQ(members[1].name, "dir/b.json");
  EXPECT_EQ(archive.substr(members[1].offset, members[1].size), "{}");
}

TEST(TarIndex, JoinsPrefixAndNameOfUstarOnly) {
  EXPECT_THAT(names_in(tar_member({.name = "b.jpg", .content = "", .prefix = "a"}) + tar_end()),
              testing::ElementsAre("a/b.jpg"));
  EXPECT_THAT(names_in(tar_member({.name = "b.jpg",
                                   .content = "",
                                   .prefix = "13777777777",
                                   .magic = std::string("ustar  \0", 8)}) +
                       tar_end()),
              testing::ElementsAre("b.jpg"));
}

TEST(TarIndex, ReadsLongNamesOfGnuAndPax) {
  const std::string name(300, 'n');
  EXPECT_THAT(names_in(tar_member({.name = "././@LongLink", .content = name + '\0', .type = 'L'}) +
                       tar_of({{"nnn", ""}, {"next", ""}})),
              testing::ElementsAre(name, "next"));
  // 310 = 3 digits, a blank, "path=", 300 bytes, a line feed.
  EXPECT_THAT(names_in(tar_member({.name = "pax",
                                   .content = "20 mtime=1700000000\n310 path=" + name + '\n',
                                   .type = 'x'}) +
                       tar_of({{"nnn", ""}, {"next", ""}})),
              testing::ElementsAre(name, "next"));
}

TEST(TarIndex, ReadsSizesInBase256AndFromPax) {
  std::string size(12, '\0');
  size[0] = '\x80';
  size[11] = '\x05';
  const auto gnu = index_tar(
      memory_source(tar_member({.name = "a", .content = "12345", .size_field = size}) + tar_end()));
  EXPECT_EQ(gnu.at(0).size, 5U);
  const auto pax = index_tar(
      memory_source(tar_member({.name = "pax", .content = "9 size=5\n", .type = 'x'}) +
                    tar_member({.name = "a", .content = "12345", .size_field = "00000000000"}) +
                    tar_member({.name = "b", .content = ""}) + tar_end()));
  ASSERT_EQ(pax.size(), 2U);
  EXPECT_EQ(pax[0].size, 5U);
  EXPECT_EQ(pax[1].name, "b");
}

TEST(TarIndex, PassesOverWhatIsNoFile) {
  EXPECT_THAT(
      names_in(
          tar_member({.name = "dir/", .content = "", .type = '5'}) +
          tar_member({.name = "link", .content = "", .type = '2'}) +
          // Its size is the target's, and nothing follows.
          tar_member({.name = "hard", .content = "", .type = '1', .size_field = "00000007777"}) +
          tar_member({.name = "pax", .content = "whatever", .type = 'g'}) +
          tar_member({.name = "old/", .content = "", .type = '\0'}) +
          tar_member({.name = "file", .content = "", .type = '\0'}) + tar_end()),
      testing::ElementsAre("file"));
}

TEST(TarIndex, NamesFileAndByteOfDamage) {
  std::string archive = tar_of({{"a.jpg", "1"}, {"b.jpg", "2"}});
  archive[1024] = 'c';  // a letter of the second name
  expect_malformed("memory: at byte 1024: not a tar header", archive);
}

TEST(TarIndex, RefusesATruncatedArchive) {
  const std::string archive = tar_of({{"a.jpg", std::string(2000, '1')}});
  expect_malformed("at byte 0: member \"a.jpg\" of 2000 bytes reaches beyond the file's 1000",
                   archive.substr(0, 1000));
  expect_malformed("at byte 2560: the archive ends without its last block",
                   archive.substr(0, 2560));
  expect_malformed("at byte 2512: the archive ends without", archive.substr(0, 2512));
  expect_malformed("at byte 0: the archive ends without", "");
}

TEST(TarIndex, RefusesImpossibleSizes) {
  const auto with_size = [](const std::string& size) {
    return tar_member({.name = "a", .content = "", .size_field = size}) + tar_end();
  };
  expect_malformed("impossible size", with_size("0000000008 "));
  expect_malformed("impossible size", with_size(std::string(12, '\xFF')));  // -1 in base 256
  expect_malformed("impossible size", with_size('\x80' + std::string(11, '\xFF')));
  expect_malformed("reaches beyond",
                   with_size(std::string("\x80\0\0\0\x7F", 5) + std::string(7, '\xFF')));
  expect_malformed("impossible size",
                   tar_member({.name = "pax", .content = "10 size=x\n", .type = 'x'}) + tar_end());
}

TEST(TarIndex, RefusesDamagedPaxRecords) {
  for (const char* records : {"99 path=a\n", "0 path=a\n", "x path=a\n", "9 path=ab", "9 path ab\n",
                              "10", "-9 path=a\n", "99999999999999999999 path=a\n"}) {
    expect_malformed(
        "damaged pax header",
        tar_member({.name = "pax", .content = records, .type = 'x'}) + tar_of({{"a", ""}}));
  }
}

TEST(TarIndex, RefusesNamesNobodyCanWrite) {
  expect_malformed("without a name", tar_of({{"", ""}}));
  expect_malformed("not valid UTF-8", tar_of({{"caf\xE9.jpg", ""}}));
  expect_malformed(
      "not valid UTF-8",
      tar_member({.name = "pax", .content = std::string("11 path=a\0\n", 11), .type = 'x'}) +
          tar_of({{"a", ""}}));
  expect_error(ErrorCode::limit_exceeded, "a name longer than 4096 bytes", [] {
    index_tar(
        memory_source(tar_member({.name = "long", .content = std::string(5000, 'n'), .type = 'L'}) +
                      tar_of({{"a", ""}})));
  });
}

TEST(TarIndex, RefusesWhatItCannotRead) {
  for (const char type : {'S', 'M'}) {
    expect_error(ErrorCode::unsupported, "at byte 0", [&] {
      index_tar(memory_source(tar_member({.name = "a", .content = "", .type = type}) + tar_end()));
    });
  }
  expect_error(ErrorCode::unsupported, "sparse", [&] {
    index_tar(memory_source(
        tar_member({.name = "pax", .content = "22 GNU.sparse.major=1\n", .type = 'x'}) +
        tar_of({{"a", ""}})));
  });
  expect_error(ErrorCode::limit_exceeded, "an extended header of 2000000 bytes", [] {
    index_tar(memory_source(
        tar_member({.name = "pax", .content = std::string(2'000'000, ' '), .type = 'x'}) +
        tar_end()));
  });
}

}  // namespace
}  // namespace blip::dataset
