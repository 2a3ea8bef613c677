#include "search/library_index.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <limits>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "core/open_file.hpp"
#include "tests/core/temporary_directory.hpp"
#include "tests/search/test_server.hpp"

namespace blip::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr FileState kState{.size = 10, .mtime = 20};

PictureFacts facts_of(char letter) {
  PictureFacts facts;
  facts.hash = std::string(64, letter);
  facts.width = 3;
  facts.height = 2;
  return facts;
}

// Changes a file behind the index's back, as its maker may have.
void tamper(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

// Whether another process finds the lock that SQLite holds on a file while a connection uses it.
bool is_locked_for_others(const std::filesystem::path& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr off_t kFirstShared = 0x40000002;
    constexpr off_t kSharedBytes = 510;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = kFirstShared;
    lock.l_len = kSharedBytes;
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    const bool asked = descriptor >= 0 && ::fcntl(descriptor, F_GETLK, &lock) == 0;
    ::_exit(asked && lock.l_type != F_UNLCK ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

// An index somewhere.
class LibraryPlaceTest : public ::testing::Test {
 protected:
  [[nodiscard]] LibraryIndex open(Access access = Access::write) const { return {place_, access}; }

  // A picture with a vector and a caption.
  void fill() const {
    LibraryIndex index = open();
    const IndexedModel model = index.put_model("m", 2);
    const IndexedModel captions = index.put_model("m", 0);
    Transaction transaction = index.transaction();
    const std::int64_t id = index.put_picture("/a.jpg", kState, facts_of('a'));
    index.put_vector(id, model, std::vector<float>{0.6F, 0.8F});
    index.put_caption(id, captions, "two dogs on a beach");
    transaction.commit();
  }

  // What reading everything says of it.
  [[nodiscard]] std::string message() const {
    try {
      LibraryIndex index = open(Access::read);
      for (const KnownPicture& picture : index.pictures()) (void)index.caption_of(picture.id);
      for (const IndexedModel& model : index.models(Finding::vectors)) (void)index.vectors(model);
      (void)index.models(Finding::captions);
      (void)index.find_words("dogs", 10);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "";
  }

  TemporaryDirectory directory_;
  std::filesystem::path place_ = directory_.path() / "library.db";
};

class LibraryFileTest : public LibraryPlaceTest {
 protected:
  const std::filesystem::path& file_ = place_;
};

// The same in a file and on a server.
class LibraryIndexTest : public LibraryPlaceTest, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) return;
    const auto server = TestServer::find();
    if (!server) GTEST_SKIP() << TestServer::kHowTo;
    server->clear();
    place_ = server->address();
  }
};

INSTANTIATE_TEST_SUITE_P(Places, LibraryIndexTest, ::testing::Bool(),
                         [](const auto& is_server) { return is_server.param ? "Server" : "File"; });

TEST_P(LibraryIndexTest, KeepsWhatIsCommitted) {
  fill();
  LibraryIndex index = open(Access::read);
  const auto pictures = index.pictures();
  ASSERT_EQ(pictures.size(), 1U);
  EXPECT_EQ(pictures[0].path, "/a.jpg");
  EXPECT_EQ(pictures[0].state, kState);
  EXPECT_EQ(pictures[0].hash, std::string(64, 'a'));
  const VectorRows rows = index.vectors(index.models(Finding::vectors).at(0));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_THAT(rows.row(0), ElementsAre(0.6F, 0.8F));
  EXPECT_EQ(index.caption_of(pictures[0].id), "two dogs on a beach");
  EXPECT_THAT(index.find_words("dog", 10), ElementsAre(pictures[0].id)) << "words are stemmed";
  EXPECT_TRUE(index.find_words("cat", 10).empty());
}

TEST_P(LibraryIndexTest, WhatIsNotCommittedIsNotThere) {
  LibraryIndex index = open();
  {
    const Transaction transaction = index.transaction();
    index.put_picture("/a.jpg", kState, facts_of('a'));
  }
  EXPECT_TRUE(index.pictures().empty());
}

// Else `blip index` takes itself for the last one, and removes the log under a server that reads.
TEST_F(LibraryFileTest, OneThatComesAndGoesLeavesTheLocksOfTheOthers) {
  fill();
  LibraryIndex reader = open(Access::read);
  ASSERT_EQ(reader.pictures().size(), 1U);
  ASSERT_TRUE(is_locked_for_others(file_));
  for (const Access access : {Access::read, Access::write}) {
    // While it is there, SQLite itself keeps the file open for the others.
    const LibraryIndex another = open(access);
    EXPECT_TRUE(is_locked_for_others(file_));
  }
  EXPECT_TRUE(is_locked_for_others(file_));
}

// A stranger's index may name its own file as a photo.
TEST_F(LibraryFileTest, IsOpenedAsNothingElseWhileItIsUsed) {
  fill();
  {
    LibraryIndex index = open(Access::write);
    const Transaction transaction = index.transaction();
    const std::filesystem::path link = file_.parent_path() / "photo.jpg";
    std::filesystem::create_symlink(file_, link);
    for (const std::filesystem::path& each :
         {file_, link, std::filesystem::path(file_.string() + "-wal")}) {
      EXPECT_THROW((void)OpenFile(each), Error) << each;
      EXPECT_THROW((void)Image::open(each), Error) << each;
    }
    EXPECT_TRUE(is_locked_for_others(file_));
  }
  EXPECT_NO_THROW((void)OpenFile(file_));
}

TEST_P(LibraryIndexTest, AnotherContentLosesWhatWasKnownOfTheOld) {
  fill();
  LibraryIndex index = open();
  const IndexedModel model = index.models(Finding::vectors).at(0);
  index.put_picture("/a.jpg", {.size = 10, .mtime = 21}, facts_of('a'));
  EXPECT_EQ(index.pictures_with(model).size(), 1U);
  index.put_picture("/a.jpg", {.size = 11, .mtime = 22}, facts_of('b'));
  EXPECT_TRUE(index.pictures_with(model).empty());
  EXPECT_TRUE(index.find_words("dogs", 10).empty());
  EXPECT_EQ(index.pictures().size(), 1U);
  index.check_integrity();
}

TEST_P(LibraryIndexTest, PicturesAreMovedCopiedAndRemovedWithAllThatIsKnown) {
  fill();
  LibraryIndex index = open();
  const IndexedModel model = index.models(Finding::vectors).at(0);
  const std::int64_t id = index.pictures().at(0).id;
  index.move_picture(id, "/b.jpg", {.size = 10, .mtime = 30});
  EXPECT_EQ(index.pictures().at(0).path, "/b.jpg");
  const auto copy = index.copy_picture(id, "/c.jpg", {.size = 10, .mtime = 40});
  ASSERT_TRUE(copy);
  EXPECT_THAT(index.pictures_with(model), ElementsAre(id, *copy));
  EXPECT_EQ(index.caption_of(*copy), "two dogs on a beach");
  EXPECT_EQ(index.find_words("beach", 10).size(), 2U);
  index.check_integrity();
  index.remove_picture(id);
  EXPECT_THAT(index.pictures_with(model), ElementsAre(*copy));
  EXPECT_EQ(index.find_words("beach", 10).size(), 1U);
  EXPECT_FALSE(index.copy_picture(id, "/d.jpg", kState)) << "what is gone cannot be copied";
  index.check_integrity();
}

TEST_P(LibraryIndexTest, ACaptionByHandCountsBeforeThoseOfModels) {
  fill();
  LibraryIndex index = open();
  const std::int64_t id = index.pictures().at(0).id;
  const IndexedModel by_hand = index.put_model(kByHand, 0);
  index.put_caption(id, by_hand, "a seal on a rock");
  EXPECT_EQ(index.caption_of(id), "a seal on a rock");
  const auto captions = index.captions_of(id);
  ASSERT_EQ(captions.size(), 2U);
  EXPECT_EQ(captions[0].writer, "by hand");
  EXPECT_EQ(captions[1].text, "two dogs on a beach");
  EXPECT_THAT(index.find_words("seals", 10), ElementsAre(id));
  EXPECT_TRUE(index.find_words("dogs", 10).empty()) << "the model was wrong";
  // Indexed anew: by the same model, with another content, and moved.
  index.put_caption(id, index.find_model(Finding::captions, "m").value(), "three dogs");
  index.put_picture("/a.jpg", {.size = 11, .mtime = 22}, facts_of('b'));
  index.move_picture(id, "/b.jpg", {.size = 11, .mtime = 23});
  EXPECT_EQ(index.caption_of(id), "a seal on a rock");
  EXPECT_EQ(index.captions_of(id).size(), 1U);
  const auto copy = index.copy_picture(id, "/c.jpg", kState);
  EXPECT_EQ(index.caption_of(copy.value()), "a seal on a rock");
  index.check_integrity();
  index.remove_caption(id, by_hand);
  EXPECT_EQ(index.caption_of(id), std::nullopt);
  index.remove_picture(*copy);
  EXPECT_TRUE(index.find_words("seal", 10).empty());
  index.check_integrity();
}

TEST_P(LibraryIndexTest, TellsWhetherOthersHaveWritten) {
  fill();
  LibraryIndex index = open(Access::read);
  const std::int64_t before = index.data_version();
  EXPECT_EQ(index.data_version(), before);
  LibraryIndex writer = open();
  const IndexedModel tagger = writer.put_tagger("t");
  const std::int64_t id = writer.pictures().at(0).id;
  writer.put_tags(id, tagger, std::vector<std::string>{"Dog", "beach"});
  EXPECT_NE(index.data_version(), before);
  ASSERT_EQ(index.common_tags(10).size(), 2U);
  EXPECT_EQ(index.common_tags(10)[0].pictures, 1);
  EXPECT_EQ(index.common_tags(1).size(), 1U);
  EXPECT_TRUE(index.common_cameras(10).empty());
}

TEST_P(LibraryIndexTest, AMoveMakesRoom) {
  fill();
  LibraryIndex index = open();
  const std::int64_t id = index.pictures().at(0).id;
  index.put_picture("/b.jpg", kState, facts_of('b'));
  index.move_picture(id, "/b.jpg", kState);
  ASSERT_EQ(index.pictures().size(), 1U);
  EXPECT_EQ(index.pictures().at(0).id, id);
}

TEST_P(LibraryIndexTest, PathsAreBytes) {
  const std::string path = "/\xFF'; DROP TABLE pictures; --\n\xC3";
  LibraryIndex index = open();
  index.put_picture(path, kState, facts_of('a'));
  EXPECT_EQ(index.pictures().at(0).path, path);
}

TEST_P(LibraryIndexTest, AModelKeepsItsDims) {
  LibraryIndex index = open();
  const IndexedModel model = index.put_model("m", 2);
  EXPECT_EQ(index.put_model("m", 2).id, model.id);
  EXPECT_THROW(index.put_model("m", 3), Error);
  EXPECT_NE(index.put_model("m", 0).id, model.id) << "one that captions is another";
  EXPECT_THROW(index.put_model("n", kMaxDims + 1), Error);
  EXPECT_THROW(index.put_vector(1, model, std::vector<float>(3)), Error);
}

TEST_F(LibraryFileTest, OneWhoseFileIsMissingIsNotFound) {
  EXPECT_THAT(message(), HasSubstr("library.db"));
  EXPECT_FALSE(std::filesystem::exists(file_)) << "reading makes no file";
}

TEST_F(LibraryFileTest, OtherFilesAreRefusedAndStayAsTheyAre) {
  directory_.write("library.db", "this is a letter to my aunt, not a database\n");
  EXPECT_THAT(message(), HasSubstr("library.db: is no index of blip"));
  EXPECT_THROW(open(), Error);
  std::filesystem::remove(file_);
  tamper(file_, "CREATE TABLE bookmarks(url TEXT)");
  EXPECT_THAT(message(), HasSubstr("library.db: is no index of blip"));
  const auto size = std::filesystem::file_size(file_);
  EXPECT_THROW(open(), Error);
  EXPECT_EQ(std::filesystem::file_size(file_), size);
}

TEST_F(LibraryFileTest, ALaterVersionIsRefused) {
  fill();
  tamper(file_, "PRAGMA user_version = 3");
  EXPECT_THAT(message(), HasSubstr("made by another version of blip"));
}

// What version 1 had.
TEST_F(LibraryFileTest, AnEarlierVersionIsBroughtUpToDate) {
  fill();
  tamper(file_,
         "DROP TABLE library; DROP TABLE removed_vectors; DROP TABLE tags; DROP TABLE thumbnails; "
         "DROP TABLE looks; "
         "DROP INDEX embeddings_by_generation; ALTER TABLE models DROP COLUMN generation; ALTER "
         "TABLE models DROP COLUMN based; ALTER TABLE models DROP COLUMN stamp; ALTER TABLE "
         "embeddings DROP COLUMN generation; PRAGMA "
         "user_version = 1");
  EXPECT_THAT(message(), HasSubstr("made by an earlier version of blip; run blip index once"));
  LibraryIndex index = open();
  EXPECT_EQ(index.pictures().size(), 1U);
  const IndexedModel model = index.models(Finding::vectors).at(0);
  EXPECT_EQ(index.vectors(model).size(), 1U);
  EXPECT_EQ(index.vector_state(model).generation, 0);
  EXPECT_EQ(index.library_id().size(), 32U);
  index.check_integrity();
  EXPECT_EQ(message(), "");
}

TEST_F(LibraryFileTest, HostileTablesAreRefused) {
  for (const char* sql :
       {"CREATE TRIGGER t AFTER INSERT ON pictures BEGIN DELETE FROM pictures; END",
        "CREATE VIEW v AS SELECT 1", "DROP TABLE captions",
        "DROP TABLE pictures; CREATE VIEW pictures AS SELECT 1 AS id, x'2F' AS path, 1 AS size, 1 "
        "AS mtime, 'h' AS hash, NULL AS taken",
        "CREATE INDEX i ON pictures(path, mtime)"}) {
    std::filesystem::remove(file_);
    fill();
    tamper(file_, sql);
    EXPECT_THAT(message(), HasSubstr("its tables are not blip's")) << sql;
  }
}

TEST_F(LibraryFileTest, HostileValuesAreRefused) {
  const std::string infinite = "x'0000803F0000807F'";
  for (const std::string& sql :
       {std::string("UPDATE embeddings SET vector = x'00'"),
        "UPDATE embeddings SET vector = " + infinite, std::string("UPDATE models SET dims = -1"),
        std::string("UPDATE models SET dims = 1000000000"),
        std::string("UPDATE pictures SET path = x''"),
        std::string("UPDATE pictures SET path = x'2F0041'"),
        std::string("UPDATE pictures SET path = zeroblob(100000)"),
        std::string("UPDATE embeddings SET vector = zeroblob(2000000)")}) {
    std::filesystem::remove(file_);
    fill();
    tamper(file_, sql);
    EXPECT_THAT(message(), HasSubstr("library.db: this index is damaged: ")) << sql;
  }
}

// Every page of it, one after the other.
TEST_F(LibraryFileTest, ADamagedFileIsReadOrRefused) {
  fill();
  std::ifstream stream(file_, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), {});
  ASSERT_GT(whole.size(), 16384U);
  for (std::size_t at = 0; at < whole.size(); at += 1021) {
    std::string damaged = whole;
    damaged.replace(at, std::min<std::size_t>(40, whole.size() - at), 40, '\xA5');
    damaged.resize(whole.size());
    directory_.write("library.db", damaged);
    (void)message();
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{99}, std::size_t{20000}}) {
    directory_.write("library.db", whole.substr(0, size));
    EXPECT_NE(message(), "") << size;
  }
}

}  // namespace
}  // namespace blip::search
