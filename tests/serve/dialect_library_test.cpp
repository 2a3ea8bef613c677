// /blip/v1/library: what is found, what strangers' names and captions do, what is refused, and an
// index that is written meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "dialect_trial.hpp"
#include "search/library_index.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip::serve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

const std::string kLibrary = "/blip/v1/library";
const std::string kPhotos = kLibrary + "/photos";

struct Kept {
  std::string name;
  std::string taken;
  std::vector<float> vector;
  std::string caption;
  std::vector<std::string> tags;
};

// A folder of photos, and an index of them by a model of two dimensions.
class LibraryDialectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    search::LibraryIndex index(file_, search::Access::write);
    model_ = index.put_model("clip", 2);
    captioner_ = index.put_model("captioner", 0);
    tagger_ = index.put_tagger("tagger");
    cat_ = put(index, {"cat.jpg", "2024-06-01T12:00:00", {1, 0}, "a cat on a sofa", {"cat"}});
    dog_ = put(index, {"dog.jpg", "2023-01-01T12:00:00", {0, 1}, "a dog", {"dog", "animal"}});
    both_ = put(index, {"both.jpg", "2025-01-01T12:00:00", {0.6F, 0.8F}, "", {"animal"}});
  }

  std::int64_t put(search::LibraryIndex& index, const Kept& kept) {
    const fs::path path = directory_.path() / kept.name;
    fs::copy_file(fs::path(BLIP_PHOTOS) / "cat.jpg", path, fs::copy_options::overwrite_existing);
    search::Transaction transaction = index.transaction();
    search::PictureFacts facts{.hash = std::string(63, '0') + std::to_string(count_++ % 10),
                               .width = 640,
                               .height = 522,
                               .taken = kept.taken,
                               .camera = "Canon EOS 80D"};
    const std::int64_t id = index.put_picture(path.string(), {.size = 7, .mtime = 8}, facts);
    index.put_vector(id, model_, kept.vector);
    if (!kept.caption.empty()) index.put_caption(id, captioner_, kept.caption);
    index.put_tags(id, tagger_, kept.tags);
    transaction.commit();
    return id;
  }

  ServerView server(const std::string& model = "clip") {
    if (!library_) {
      library_ = std::make_shared<app::PhotoLibrary>(
          app::PhotoLibraryOptions{.index = file_, .model = model, .max_pixels = 1'000'000});
    }
    ServerView view = trial_server();
    view.library = ServedLibrary{library_, "clip-vit-base-patch32"};
    return view;
  }

  // What is answered once texts have been given the vector of `texts`.
  HttpResponse ask(const HttpRequest& request, std::vector<float> texts = {1, 0}) {
    auto plan = native_dialect().plan(request, server());
    if (!plan) return HttpResponse::text(0, "not taken");
    if (auto* response = std::get_if<HttpResponse>(&*plan)) return *response;
    if (auto* lookup = std::get_if<Lookup>(&*plan)) return lookup->respond();
    const Work& work = std::get<Work>(*plan);
    ++embedded_;
    EXPECT_TRUE(work.looks_up);
    EXPECT_EQ(work.tasks.at(0).model, "clip-vit-base-patch32");
    const auto rows = std::get<EmbedTextsTask>(work.tasks.at(0).input).texts.size();
    std::vector<float> values;
    for (std::size_t i = 0; i < rows; ++i) values.insert(values.end(), texts.begin(), texts.end());
    const std::vector<TaskOutcome> outcomes = {
        embedding_outcome(std::move(values), static_cast<std::int64_t>(rows))};
    return work.respond(outcomes);
  }

  using Query = std::vector<std::pair<std::string, std::string>>;
  HttpResponse list(Query query, std::vector<float> texts = {1, 0}) {
    HttpRequest request = get(kPhotos);
    request.query = std::move(query);
    return ask(request, std::move(texts));
  }
  std::vector<std::int64_t> ids(Query query, std::vector<float> texts = {1, 0}) {
    const auto json = json_of(list(std::move(query), std::move(texts)));
    std::vector<std::int64_t> found;
    for (const auto& photo : json.at("photos")) found.push_back(photo.at("id"));
    return found;
  }
  HttpResponse part(std::int64_t id, const std::string& what = "") {
    return ask(get(kPhotos + "/" + std::to_string(id) + what));
  }
  HttpResponse write(std::int64_t id, const std::string& body,
                     const std::string& type = "application/json") {
    HttpRequest request = post_json(kPhotos + "/" + std::to_string(id) + "/caption", body);
    request.method = "PUT";
    request.headers.set("Content-Type", type);
    return ask(request);
  }

  TemporaryDirectory directory_;
  fs::path file_ = directory_.path() / "library.db";
  search::IndexedModel model_;
  search::IndexedModel captioner_;
  search::IndexedModel tagger_;
  std::shared_ptr<app::PhotoLibrary> library_;
  std::int64_t cat_ = 0;
  std::int64_t dog_ = 0;
  std::int64_t both_ = 0;
  int count_ = 0;
  int embedded_ = 0;
};

TEST_F(LibraryDialectTest, WithoutALibraryThereIsNothing) {
  for (const std::string& path : {kLibrary, kPhotos, kPhotos + "/1", kPhotos + "/1/thumbnail"}) {
    const Trial trial(native_dialect(), get(path));
    ASSERT_NE(trial.answered(), nullptr) << path;
    EXPECT_EQ(trial.answered()->status, 404);
    EXPECT_EQ(json_of(*trial.answered())["error"]["code"], "not_found");
  }
  HttpRequest put = post_json(kPhotos + "/1/caption", R"({"caption": "x"})");
  put.method = "PUT";
  EXPECT_EQ(Trial(native_dialect(), put).answered()->status, 404);
}

TEST_F(LibraryDialectTest, SaysWhatItHas) {
  const auto json = json_of(ask(get(kLibrary)));
  EXPECT_EQ(json["photos"], 3);
  EXPECT_EQ(json["model"], "clip-vit-base-patch32");
  EXPECT_EQ(json["oldest"], "2023-01-01T12:00:00");
  EXPECT_EQ(json["newest"], "2025-01-01T12:00:00");
  EXPECT_EQ(json["has_captions"], true);
  EXPECT_EQ(json["tags"][0]["tag"], "animal");
  EXPECT_EQ(json["tags"][0]["photos"], 2);
  EXPECT_EQ(json["cameras"][0]["camera"], "Canon EOS 80D");
}

TEST_F(LibraryDialectTest, ListsTheNewestFirstAPageAtATime) {
  EXPECT_THAT(ids({}), ElementsAre(both_, cat_, dog_));
  EXPECT_THAT(ids({{"limit", "1"}}), ElementsAre(both_));
  EXPECT_THAT(ids({{"offset", "1"}, {"limit", "1"}}), ElementsAre(cat_));
  EXPECT_THAT(ids({{"offset", "3"}}), IsEmpty());
  const auto json = json_of(list({{"offset", "1"}}));
  EXPECT_EQ(json["total"], 3);
  EXPECT_EQ(json["photos"][0]["name"], "cat.jpg");
  EXPECT_EQ(json["photos"][0]["caption"], "a cat on a sofa");
  EXPECT_EQ(json["photos"][0]["date"], "2024-06-01T12:00:00");
  EXPECT_FALSE(json["photos"][0].contains("score"));
  EXPECT_EQ(json_of(list({}))["version"], json["version"]);
  EXPECT_EQ(embedded_, 0);
}

TEST_F(LibraryDialectTest, SearchesByVectorsAndByWords) {
  EXPECT_THAT(ids({{"q", "kitten"}}, {1, 0}), ElementsAre(cat_, both_, dog_));
  EXPECT_THAT(ids({{"q", "puppy"}}, {0, 1}), ElementsAre(dog_, both_, cat_));
  EXPECT_EQ(embedded_, 2);
  EXPECT_THAT(ids({{"q", "puppy"}}, {1, 0}), ElementsAre(dog_, both_, cat_));
  EXPECT_EQ(embedded_, 2) << "the vector of a text is remembered";
  // The words of captions count, too.
  EXPECT_EQ(ids({{"q", "sofa"}}, {0.6F, 0.8F}).at(0), cat_);
  EXPECT_TRUE(json_of(list({{"q", "sofa"}}))["photos"][0]["score"].is_number());
  EXPECT_THAT(ids({{"q", "animal"}, {"not", "cat"}}, {1, 0}).size(), 3U);
}

TEST_F(LibraryDialectTest, FindsSimilarPhotosAndNotThatOneItself) {
  EXPECT_THAT(ids({{"like", std::to_string(cat_)}}), ElementsAre(both_, dog_));
  EXPECT_THAT(ids({{"like", "4711"}}), IsEmpty());
  EXPECT_THAT(ids({{"like", std::to_string(cat_)}, {"tag", "dog"}}), ElementsAre(dog_));
}

TEST_F(LibraryDialectTest, Filters) {
  EXPECT_THAT(ids({{"tag", "ANIMAL"}}), ElementsAre(both_, dog_));
  EXPECT_THAT(ids({{"tag", "animal"}, {"tag", "dog"}}), ElementsAre(dog_));
  EXPECT_THAT(ids({{"after", "2024"}, {"before", "2025"}}), ElementsAre(cat_));
  EXPECT_THAT(ids({{"path", "c*.jpg"}}), ElementsAre(cat_));
  EXPECT_THAT(ids({{"camera", "canon"}}).size(), 3U);
  EXPECT_THAT(ids({{"camera", "nikon"}}), IsEmpty());
  EXPECT_THAT(ids({{"near", "48.8,2.3,10km"}}), IsEmpty());
  EXPECT_THAT(ids({{"q", "x"}, {"tag", "dog"}}), ElementsAre(dog_));
  EXPECT_THAT(ids({{"tag", ""}, {"q", " "}}).size(), 3U) << "empty fields are none";
}

TEST_F(LibraryDialectTest, AnIndexWithoutVectorsOfTheModelsIsSearchedByWords) {
  server("");
  EXPECT_THAT(ids({{"q", "cats"}}), ElementsAre(cat_));
  EXPECT_THAT(ids({{"q", "dog sofa"}, {"tag", "dog"}}), ElementsAre(dog_));
  EXPECT_EQ(embedded_, 0);
}

TEST_F(LibraryDialectTest, NamesCaptionsAndTagsAreText) {
  const std::string script = "<script>alert(1)</script>";
  const std::string sql = "'; DROP TABLE pictures; --";
  search::LibraryIndex index(file_, search::Access::write);
  const std::int64_t id = put(index, {"\"><img src=x onerror=alert(1)> '; DROP TABLE words;--.jpg",
                                      "2026-01-01T00:00:00",
                                      {1, 0},
                                      script + sql,
                                      {script, sql}});
  const std::int64_t bytes = put(index, {"\xFF\xFE.jpg", "2026-01-02T00:00:00", {1, 0}, "", {}});
  const auto json = json_of(part(id));
  EXPECT_EQ(json["name"], "\"><img src=x onerror=alert(1)> '; DROP TABLE words;--.jpg");
  EXPECT_EQ(json["caption"], script + sql);
  EXPECT_EQ(json["tags"], (std::vector<std::string>{sql, script}));
  EXPECT_EQ(json_of(part(bytes))["name"], "\uFFFD\uFFFD.jpg") << "not all names are UTF-8";
  EXPECT_EQ(part(bytes, "/thumbnail").status, 200);
  EXPECT_THAT(ids({{"tag", sql}}), ElementsAre(id));
  // Nothing that is asked for means anything to SQLite either.
  for (const std::string& text :
       {sql, script, std::string("\" OR 1=1 --"), std::string("NEAR(a b)"), std::string("text:*"),
        std::string("a AND NOT b"), std::string("')); DELETE FROM captions; --")}) {
    for (const char* field : {"q", "not", "tag", "camera", "path"}) {
      EXPECT_EQ(list({{field, text}}).status, 200) << field << " " << text;
    }
    EXPECT_EQ(write(cat_, nlohmann::json{{"caption", text}}.dump()).status, 200);
    EXPECT_EQ(json_of(part(cat_))["caption"], text);
  }
  EXPECT_EQ(ids({}).size(), 5U);
  search::LibraryIndex(file_, search::Access::read).check_integrity();
}

TEST_F(LibraryDialectTest, RefusesWhatMakesNoSense) {
  const std::vector<std::pair<std::string, std::string>> no_sense = {
      {"limit", "0"},
      {"limit", "201"},
      {"limit", "ten"},
      {"limit", "1e2"},
      {"offset", "-1"},
      {"offset", "99999999999999999999"},
      {"like", "0"},
      {"like", "1 OR 1=1"},
      {"after", "yesterday"},
      {"before", "2024-13"},
      {"near", "here"},
      {"near", "1,2,nankm"},
      {"q", std::string(2001, 'a')},
      {"q", "\xFF"},
      {"tag", std::string("a\0b", 3)},
      {"path", "*********"},
      {"camera", "*********"},
  };
  for (const auto& [name, value] : no_sense) {
    const HttpResponse response = list({{name, value}});
    EXPECT_EQ(response.status, 400) << name << "=" << value;
    const std::string message = json_of(response)["error"]["message"];
    EXPECT_THAT(message, Not(HasSubstr("\n"))) << name;
  }
  Query many;
  for (int i = 0; i < 17; ++i) many.emplace_back("tag", "a");
  EXPECT_EQ(list(many).status, 400);
  EXPECT_EQ(list({{"q", "a"}, {"q", "b"}}).status, 400);
  EXPECT_EQ(list({{"q", "x"}}, {1, 0, 0}).status, 400) << "a vector of another length";
}

TEST_F(LibraryDialectTest, WhatIsNotThereIs404) {
  for (const char* what : {"", "/thumbnail", "/picture"}) {
    EXPECT_EQ(part(4711, what).status, 404) << what;
  }
  EXPECT_EQ(write(4711, R"({"caption": "x"})").status, 404);
  for (const char* path : {"/0", "/-1", "/x", "/1x", "/1/", "/1/secret", "/1/thumbnail/x", "/../1",
                           "/99999999999999999999", "/1/../../models"}) {
    EXPECT_EQ(ask(get(kPhotos + path)).status, 404) << path;
  }
}

TEST_F(LibraryDialectTest, ThumbnailsAndPicturesAreJpegFiles) {
  const HttpResponse made = part(cat_, "/thumbnail");
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.headers.find("Content-Type"), "image/jpeg");
  EXPECT_EQ(made.headers.find("Cross-Origin-Resource-Policy"), "same-origin");
  EXPECT_TRUE(made.body.starts_with("\xFF\xD8\xFF"));
  HttpRequest again = get(kPhotos + "/" + std::to_string(cat_) + "/thumbnail");
  again.headers.set("If-None-Match", std::string(made.headers.find("ETag").value()));
  EXPECT_EQ(ask(again).status, 304);
  EXPECT_TRUE(ask(again).body.empty());
  search::LibraryIndex index(file_, search::Access::write);
  const std::string kept = "\xFF\xD8\xFF kept";
  index.put_thumbnail(dog_, std::as_bytes(std::span(kept)));
  EXPECT_EQ(part(dog_, "/thumbnail").body, kept);
  const HttpResponse picture = part(cat_, "/picture");
  EXPECT_TRUE(picture.body.starts_with("\xFF\xD8\xFF"));
  EXPECT_NE(picture.headers.find("ETag"), made.headers.find("ETag"));
}

TEST_F(LibraryDialectTest, FilesThatCannotBeShownAreRefusedInOneLine) {
  const auto replace = [&](const std::string& name, const std::string& content) {
    fs::remove(directory_.path() / name);
    std::ofstream(directory_.path() / name) << content;
  };
  replace("cat.jpg", "root:x:0:0: no picture");
  EXPECT_EQ(part(cat_, "/picture").status, 422);
  EXPECT_EQ(part(cat_, "/thumbnail").status, 422);
  EXPECT_THAT(part(cat_, "/picture").body, Not(HasSubstr("root:")));
  fs::remove(directory_.path() / "dog.jpg");
  EXPECT_EQ(part(dog_, "/picture").status, 404);
  ASSERT_EQ(mkfifo((directory_.path() / "dog.jpg").c_str(), 0600), 0);
  EXPECT_EQ(part(dog_, "/picture").status, 404) << "a pipe is not waited for";
  // A bitmap that says it has 30,000 x 30,000 pixels.
  std::string bitmap("BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x30\x75\0\0\x30\x75\0\0\x01\0\x18\0",
                     30);
  bitmap.resize(54);
  replace("both.jpg", bitmap);
  EXPECT_EQ(part(both_, "/picture").status, 413);
}

TEST_F(LibraryDialectTest, CaptionsOfPeopleAreKept) {
  const auto json = json_of(write(cat_, R"({"caption": "  Minka,\nasleep "})"));
  EXPECT_EQ(json["caption"], "Minka, asleep");
  EXPECT_EQ(json["by_hand"], true);
  EXPECT_EQ(json["captions"][1]["by"], "captioner");
  EXPECT_EQ(ids({{"q", "minka"}}, {0, 1}).at(0), cat_) << "at once";
  EXPECT_EQ(json_of(list({{"path", "cat.jpg"}}))["photos"][0]["caption"], "Minka, asleep");
  EXPECT_EQ(json_of(write(cat_, R"({"caption": " "})"))["caption"], "a cat on a sofa");
  EXPECT_EQ(json_of(part(cat_))["by_hand"], false);

  EXPECT_EQ(write(cat_, R"({"caption": ")" + std::string(5000, 'a') + "\"}").status, 400);
  EXPECT_EQ(write(cat_, R"({"text": "x"})").status, 400);
  EXPECT_EQ(write(cat_, R"({"caption": 7})").status, 400);
  EXPECT_EQ(write(cat_, "x").status, 400);
  EXPECT_EQ(write(cat_, R"({"caption": "x"})", "text/plain").status, 415);
  EXPECT_EQ(json_of(part(cat_))["caption"], "a cat on a sofa");
}

// Captions and tags of both photos are of one state in each of the index's transactions, so they
// must be in each answer.
TEST_F(LibraryDialectTest, AnswersAreOfOneStateOfTheIndex) {
  constexpr int kStates = 150;
  server();
  const auto put_state = [&](search::LibraryIndex& index, int number) {
    const std::string state = "state " + std::to_string(number);
    search::Transaction transaction = index.transaction();
    for (const std::int64_t photo : {cat_, dog_}) {
      index.put_caption(photo, captioner_, state);
      index.put_tags(photo, tagger_, std::vector{state});
    }
    transaction.commit();
  };
  search::LibraryIndex index(file_, search::Access::write);
  put_state(index, 0);
  std::atomic<bool> done = false;
  std::set<std::string> states;
  std::atomic<std::size_t> num_seen = 0;
  const auto look_at_one = [&] {
    const app::PhotoDetails details = library_->photo(cat_);
    EXPECT_THAT(details.tags, ElementsAre(details.photo.caption));
    EXPECT_EQ(details.captions.at(0).first, details.photo.caption);
    states.insert(details.photo.caption.value_or(""));
    num_seen = states.size();
  };
  const auto look_at_list = [&] {
    std::set<std::string> captions;
    for (const auto& photo : library_->photos({}, 0, 200).photos) {
      if (photo.id != both_) captions.insert(photo.caption.value_or(""));
    }
    EXPECT_EQ(captions.size(), 1U);
  };
  const auto until_done = [&](const std::function<void()>& look) {
    return std::thread([&done, look] {
      while (!done) look();
    });
  };
  std::vector<std::thread> readers;
  readers.push_back(until_done(look_at_one));
  readers.push_back(until_done(look_at_list));
  // A reader may wait long for its processor.
  constexpr int kMostStates = 200 * kStates;
  for (int i = 1; i <= kStates || (num_seen <= 3 && i <= kMostStates); ++i) put_state(index, i);
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(states.size(), 3U) << "nothing was seen of what was written meanwhile";
}

TEST_F(LibraryDialectTest, AnIndexThatIsWrittenMeanwhile) {
  server();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    search::LibraryIndex index(file_, search::Access::write);
    for (int i = 0; i < 60; ++i) {
      const std::int64_t id = put(index, {"n" + std::to_string(i) + ".jpg",
                                          "2026-01-01T00:00:00",
                                          {0.8F, 0.6F},
                                          "a bird",
                                          {"bird"}});
      if (i % 3 == 0) {
        search::Transaction transaction = index.transaction();
        index.remove_picture(id);
        transaction.commit();
      }
    }
    done = true;
  });
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      const auto photos = library_;
      while (!done) {
        app::PhotoQuery query;
        if (i == 1) query.text = app::SearchedText{"a bird", {1, 0}};
        if (i == 2) query.like = cat_;
        const app::PhotoPage page = photos->photos(query, 0, 200);
        EXPECT_GE(page.photos.size(), 2U);
        EXPECT_EQ(page.photos.size(), page.total);
        std::set<std::int64_t> seen;
        for (const auto& photo : page.photos) seen.insert(photo.id);
        EXPECT_EQ(seen.size(), page.total);
        if (i == 0) photos->write_caption(cat_, "written meanwhile");
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
  write(cat_, R"({"caption": "last"})");  // lists are made anew
  EXPECT_EQ(ids({{"limit", "200"}}).size(), 43U);
  search::LibraryIndex(file_, search::Access::read).check_integrity();
}

}  // namespace
}  // namespace blip::serve
