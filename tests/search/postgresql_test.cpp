// The parts of an index on a server that need no server: addresses, SQL, values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "blip/error.hpp"
#include "search/dialect.hpp"
#include "search/library_index.hpp"
#include "search/postgresql_address.hpp"
#include "search/postgresql_values.hpp"

namespace blip::search {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string message_of(const std::string& place) {
  try {
    const LibraryIndex index(place, Access::read);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(PostgresqlAddress, IsTheBeginningOfTheName) {
  EXPECT_TRUE(is_server_address("postgresql://u@h/d"));
  EXPECT_TRUE(is_server_address("postgres://h"));
  EXPECT_FALSE(is_server_address("postgresql.db"));
  EXPECT_FALSE(is_server_address("/srv/postgresql://x"));
  EXPECT_FALSE(is_server_address(""));
}

TEST(PostgresqlAddress, IsShownWithoutPassword) {
  EXPECT_EQ(shown_address("postgresql://ann:secret@db.example:5433/photos?sslmode=require"),
            "postgresql://ann@db.example:5433/photos");
  EXPECT_EQ(shown_address("postgres://db/photos?password=secret&user=ann"),
            "postgresql://ann@db/photos");
  EXPECT_EQ(shown_address("postgresql:///photos?host=/run/postgresql"),
            "postgresql:///run/postgresql/photos");
  EXPECT_EQ(shown_address("postgresql://a%0Ab@db/photos"), "postgresql://a?b@db/photos");
}

// A '/' or '@' in a password that nobody has encoded.
TEST(PostgresqlAddress, WhatIsNoneIsNotShown) {
  for (const char* address :
       {"postgresql://ann:sec/ret@db/photos", "postgresql://ann:sec@ret@db/photos",
        "postgresql://db/photos?secret", "postgresql://db/photos?colour=secret",
        "postgresql://ann:%zz@secret/d", "postgresql://[secret/photos"}) {
    const std::string message = message_of(address);
    EXPECT_THAT(message, HasSubstr("is no address of a PostgreSQL server")) << address;
    EXPECT_THAT(message, Not(HasSubstr("sec"))) << address;
    EXPECT_THAT(message, Not(HasSubstr("ret@"))) << address;
  }
}

TEST(PostgresqlAddress, AServerThatIsNotThereIsNamedInOneLine) {
  const std::string message = message_of("postgresql://ann:secret@127.0.0.1:1/photos");
  EXPECT_THAT(message, HasSubstr("postgresql://ann@127.0.0.1:1/photos: cannot connect to this "
                                 "server: \"Connection refused"));
  EXPECT_THAT(message, Not(HasSubstr("secret")));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

TEST(PostgresqlValues, ParametersAreNumbered) {
  EXPECT_EQ(numbered_parameters("SELECT ?, a FROM t WHERE b = ?"),
            "SELECT $1, a FROM t WHERE b = $2");
  EXPECT_EQ(numbered_parameters("SELECT ?2, ?1, ?1"), "SELECT $2, $1, $1");
  EXPECT_EQ(numbered_parameters("SELECT '?', \"?\", 'it''s ?', ?"),
            "SELECT '?', \"?\", 'it''s ?', $1");
}

TEST(PostgresqlValues, AreReadAsTheyAreWritten) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-2}, std::int64_t{1} << 40,
                                   std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(decoded_integer(kPostgresqlInt8, bytes_of(postgresql_integer(value))), value);
  }
  EXPECT_EQ(postgresql_integer(258), std::string("\0\0\0\0\0\0\1\2", 8));
  EXPECT_EQ(decoded_real(kPostgresqlFloat8, bytes_of(postgresql_real(-0.125))), -0.125);
  const std::vector<float> vector = {0.5F, -1.0F, 3e38F};
  std::vector<float> read(3);
  EXPECT_TRUE(decode_vector(bytes_of(postgresql_vector(vector)), read));
  EXPECT_EQ(read, vector);
}

TEST(PostgresqlValues, OfAnotherTypeOrLengthAreNone) {
  const std::string eight = postgresql_integer(1);
  EXPECT_FALSE(decoded_integer(kPostgresqlText, bytes_of(eight)));
  EXPECT_FALSE(decoded_integer(kPostgresqlInt4, bytes_of(eight)));
  EXPECT_FALSE(decoded_integer(kPostgresqlInt8, bytes_of("1")));
  EXPECT_FALSE(decoded_integer(kPostgresqlBool, {}));
  EXPECT_FALSE(decoded_real(kPostgresqlInt8, bytes_of(eight)));
  EXPECT_FALSE(decoded_real(kPostgresqlFloat8, bytes_of(eight).first(7)));
  std::vector<float> read(2);
  const std::string vector = postgresql_vector(std::vector<float>{1, 2});
  for (std::size_t size = 0; size < vector.size(); ++size) {
    EXPECT_FALSE(decode_vector(bytes_of(vector).first(size), read)) << size;
  }
  EXPECT_FALSE(decode_vector(bytes_of(vector + "0000"), read));
  std::string lies = vector;  // says three, has two
  lies[1] = 3;
  EXPECT_FALSE(decode_vector(bytes_of(lies), read));
}

TEST(PostgresqlValues, TextIsUtf8WithoutNul) {
  EXPECT_EQ(postgresql_text("a\xC3\xB6"), "a\xC3\xB6");
  EXPECT_EQ(postgresql_text("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(postgresql_text(std::string("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(PostgresqlDialect, WhatIsTypedIsWordsAlone) {
  EXPECT_EQ(kPostgresqlDialect.word_query("two dogs'; DROP -- & | ! ( ) : *"),
            "'two' | 'dogs' | 'DROP'");
  EXPECT_EQ(kPostgresqlDialect.word_query("' \" ()"), "");
}

}  // namespace
}  // namespace blip::search
