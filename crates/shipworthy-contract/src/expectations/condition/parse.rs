//! The grammar of row conditions, read by recursive descent.

use shipworthy_rows::{DataType, Schema};

use super::token::{Token, tokens};
use super::{Comparison, Condition, Operand};
use crate::expectations::problem::{Problem, nearest};
use crate::expectations::scalar::Scalar;

/// Parentheses and `not` within each other; deeper text is no condition that people wrote.
const MAX_DEPTH: usize = 32;

/// Reads a condition on rows of a schema. `with_col` is the spelling `col("…")`.
pub(super) fn parse(text: &str, with_col: bool, schema: &Schema) -> Result<Condition, Problem> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, next: 0, end: text.len(), depth: 0, with_col, schema };
    let condition = parser.any()?;
    match parser.peek() {
        None => Ok(condition),
        Some(_) => Err(parser.wrong("`and`, `or` or the end should follow")),
    }
}

struct Parser<'a> {
    tokens: Vec<(Token, usize)>,
    next: usize,
    end: usize,
    depth: usize,
    with_col: bool,
    schema: &'a Schema,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Condition, Problem> {
        let mut conditions = vec![self.all()?];
        while self.take_word("or") || self.take_sign("|") {
            conditions.push(self.all()?);
        }
        Ok(one_or(conditions, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, Problem> {
        let mut conditions = vec![self.one()?];
        while self.take_word("and") || self.take_sign("&") {
            conditions.push(self.one()?);
        }
        Ok(one_or(conditions, Condition::All))
    }

    fn one(&mut self) -> Result<Condition, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong("it is nested too deeply"));
        }
        let condition = if self.take_word("not") || self.take_sign("~") {
            Condition::Not(Box::new(self.one()?))
        } else if self.take_sign("(") {
            let condition = self.any()?;
            self.expect_sign(")")?;
            condition
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, Problem> {
        let left = self.operand()?;
        if let (Operand::Column(column), true) = (&left, self.take_sign(".")) {
            return self.method(*column);
        }
        if let Operand::Column(column) = left {
            let is_negated = self.peek_words("not", "in");
            self.next += usize::from(is_negated);
            if self.take_word("in") {
                let condition = Condition::In(column, self.list(column)?);
                return Ok(if is_negated {
                    Condition::Not(Box::new(condition))
                } else {
                    condition
                });
            }
        }
        let how = self.sign()?;
        let right = self.operand()?;
        let (left, right) = self.beside(left, right)?;
        Ok(Condition::Compare(left, how, right))
    }

    /// Both sides as values that have an order.
    fn beside(&self, left: Operand, right: Operand) -> Result<(Operand, Operand), Problem> {
        let literal = |column: usize, scalar: Scalar| {
            let data_type = self.data_type(column);
            let scalar = scalar.beside(data_type).ok_or_else(|| self.no_order(column))?;
            Ok::<_, Problem>(Operand::Literal(scalar))
        };
        match (left, right) {
            (Operand::Column(column), Operand::Literal(scalar)) => {
                Ok((Operand::Column(column), literal(column, scalar)?))
            }
            (Operand::Literal(scalar), Operand::Column(column)) => {
                Ok((literal(column, scalar)?, Operand::Column(column)))
            }
            (Operand::Column(a), Operand::Column(b)) => {
                let (one, other) = (self.data_type(a), self.data_type(b));
                let has_order = one == other || (one.is_numeric() && other.is_numeric());
                if has_order {
                    Ok((Operand::Column(a), Operand::Column(b)))
                } else {
                    Err(self.no_order(a))
                }
            }
            (Operand::Literal(_), Operand::Literal(_)) => {
                Err(self.wrong("a comparison needs a column"))
            }
        }
    }

    /// What follows the dot behind a column.
    fn method(&mut self, column: usize) -> Result<Condition, Problem> {
        let missing = Condition::Missing(column);
        let name = match self.take() {
            Some(Token::Word(name)) => name,
            _ => return Err(self.wrong_before("a method should follow the dot")),
        };
        let condition = match name.as_str() {
            "isnull" | "isna" | "isNull" | "is_null" => missing,
            "notnull" | "notna" | "notNull" | "is_not_null" => Condition::Not(Box::new(missing)),
            "isin" => {
                self.expect_sign("(")?;
                let values = self.list(column)?;
                self.expect_sign(")")?;
                return Ok(Condition::In(column, values));
            }
            _ => {
                let why = format!("`.{name}` is not supported, only .isnull, .notnull and .isin");
                return Err(self.wrong_before(&why));
            }
        };
        self.expect_sign("(")?;
        self.expect_sign(")")?;
        Ok(condition)
    }

    fn list(&mut self, column: usize) -> Result<Vec<Scalar>, Problem> {
        let end = if self.take_sign("(") {
            ")"
        } else {
            self.expect_sign("[")?;
            "]"
        };
        let mut values = Vec::new();
        while !self.take_sign(end) {
            match self.operand()? {
                // A value of another kind is in no row.
                Operand::Literal(value) => values.extend(value.beside(self.data_type(column))),
                Operand::Column(_) => return Err(self.wrong_before("a list holds values")),
            }
            if !self.take_sign(",") {
                self.expect_sign(end)?;
                break;
            }
        }
        Ok(values)
    }

    fn operand(&mut self) -> Result<Operand, Problem> {
        match self.take() {
            Some(Token::Text(text)) => Ok(Operand::Literal(Scalar::Text(text))),
            Some(Token::Number(value)) => Ok(Operand::Literal(Scalar::Float(value))),
            Some(Token::Word(word)) if word == "True" || word == "true" => {
                Ok(Operand::Literal(Scalar::Boolean(true)))
            }
            Some(Token::Word(word)) if word == "False" || word == "false" => {
                Ok(Operand::Literal(Scalar::Boolean(false)))
            }
            Some(Token::Word(word)) if self.with_col && word == "col" => {
                let name = self.argument()?;
                self.column(&name)
            }
            Some(Token::Word(word)) if self.with_col && word == "date" => {
                Ok(Operand::Literal(Scalar::Text(self.argument()?)))
            }
            Some(Token::Word(name)) if !self.with_col => self.column(&name),
            Some(Token::Quoted(name)) => self.column(&name),
            _ => Err(self.wrong_before("a column or a value should stand here")),
        }
    }

    /// A text in parentheses.
    fn argument(&mut self) -> Result<String, Problem> {
        self.expect_sign("(")?;
        let Some(Token::Text(text)) = self.take() else {
            return Err(self.wrong_before("a text in quotes should stand here"));
        };
        self.expect_sign(")")?;
        Ok(text)
    }

    fn column(&self, name: &str) -> Result<Operand, Problem> {
        match self.schema.index_of(name) {
            Some(index) => Ok(Operand::Column(index)),
            None => {
                let known = self.schema.fields().iter().map(|field| &*field.name);
                Err(Problem::NoColumn { name: name.to_owned(), nearest: nearest(name, known) })
            }
        }
    }

    fn sign(&mut self) -> Result<Comparison, Problem> {
        let how = match self.take() {
            Some(Token::Sign("==")) => Comparison::Equal,
            Some(Token::Sign("!=")) => Comparison::NotEqual,
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::LessOrEqual,
            Some(Token::Sign(">")) => Comparison::Greater,
            Some(Token::Sign(">=")) => Comparison::GreaterOrEqual,
            _ => return Err(self.wrong_before("a comparison should stand here")),
        };
        Ok(how)
    }

    fn data_type(&self, column: usize) -> DataType {
        self.schema.fields()[column].data_type
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    fn peek_words(&self, first: &str, second: &str) -> bool {
        let is = |at: usize, word: &str| matches!(self.tokens.get(at), Some((Token::Word(found), _)) if found == word);
        is(self.next, first) && is(self.next + 1, second)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(found)) if found == word);
        self.next += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), Problem> {
        match self.take_sign(sign) {
            true => Ok(()),
            false => Err(self.wrong(&format!("`{sign}` should stand here"))),
        }
    }

    fn wrong(&self, why: &str) -> Problem {
        self.wrong_at(self.next, why)
    }

    fn wrong_before(&self, why: &str) -> Problem {
        self.wrong_at(self.next - 1, why)
    }

    fn wrong_at(&self, token: usize, why: &str) -> Problem {
        let at = self.tokens.get(token).map_or(self.end, |(_, at)| *at);
        Problem::Condition { at: at + 1, why: why.to_owned() }
    }

    fn no_order(&self, column: usize) -> Problem {
        let field = &self.schema.fields()[column];
        let why = format!("`{}` is {}, which cannot be compared so", field.name, field.data_type);
        self.wrong(&why)
    }
}

fn one_or(mut conditions: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        last => {
            conditions.extend(last);
            many(conditions)
        }
    }
}
